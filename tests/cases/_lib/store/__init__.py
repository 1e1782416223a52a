from store import items
