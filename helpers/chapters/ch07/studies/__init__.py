"""What chapter 07 keeps: the experiments behind its figures and claims."""
