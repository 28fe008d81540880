"""What every other floor uses: clear errors, whole files, the environment."""
