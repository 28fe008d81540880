"""What chapter 01 keeps: the experiments behind its figures and claims."""
