"""`edgeproof inspect`: what a stored model holds, read without running anything that it stores."""
