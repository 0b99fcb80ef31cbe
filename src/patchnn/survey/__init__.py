"""User studies as in the paper: pages that ask people which image is real, their answers, and what follows from them."""
