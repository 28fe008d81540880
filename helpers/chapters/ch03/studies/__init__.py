"""What chapter 03 keeps: the experiments behind its figures and claims."""
