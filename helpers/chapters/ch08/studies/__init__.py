"""What chapter 08 keeps: the experiments behind its figures and claims."""
