"""What chapter 05 keeps: the experiments behind its figures and claims."""
