"""`edgeproof bench`: what each variant of a bundle takes on this machine."""
