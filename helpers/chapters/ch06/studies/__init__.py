"""What chapter 06 keeps: the experiments behind its figures and claims."""
