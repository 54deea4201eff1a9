"""Trait, computation and recommendation sync: Amplitude's values become custom attributes in Braze (TRAIT-1)."""
