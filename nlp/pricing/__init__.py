"""Behind nlp.prices: amounts in every notation, prices in text with their role, currencies, references, medians."""
