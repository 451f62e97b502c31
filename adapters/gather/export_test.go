package gather

// Waiting is how many calls nobody has taken up yet.
func Waiting[Call, Reply any](g *Gatherer[Call, Reply]) int { return len(g.waiting) }
