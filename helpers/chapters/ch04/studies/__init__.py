"""What chapter 04 keeps: the experiments behind its figures and claims."""
