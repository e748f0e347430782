"""The free chain: its memory kernel and exact propagators, and where a moving particle resonates with its band."""
