"""What chapter 00 keeps: the experiments behind its figures and claims."""
