"""`edgeproof doctor`: is this machine fit to classify, and if not, what is to be done."""
