"""What chapter 02 keeps: the experiments behind its figures and claims."""
