package holidays

import (
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/aa"
	"github.com/rickar/cal/v2/de"
)

// germany returns a state's holidays: the lists of package de, with the years in
// which the states changed their holiday acts, which the package does not know.
func germany(state string, list []*cal.Holiday) source {
	list = slices.Clone(list)
	for i, h := range list {
		switch h {
		case de.DeutschenEinheit: // article 2 of the Unification Treaty
			list[i] = since(1990, h)
		case de.Frauentag: // Berlin
			list[i] = since(2019, h)
		case de.Reformationstag:
			if reformed(state) {
				list[i] = since(2018, h)
			}
		}
	}
	switch state {
	case "BB": // names the two Sundays in § 2 of its act
		easter := aa.Easter.Clone(&cal.Holiday{Name: "Ostersonntag", Type: cal.ObservancePublic})
		pentecost := aa.Pentecost.Clone(&cal.Holiday{Name: "Pfingstsonntag", Type: cal.ObservancePublic})
		list = append(list, easter, pentecost)
	case "BE": // 75 and 80 years after the liberation, once each
		list = append(list, once(2020, time.May, 8, "Tag der Befreiung"), once(2025, time.May, 8, "Tag der Befreiung"))
	case "BY": // where most people are Catholic: all but some 350 municipalities
		list = append(list, de.MariaHimmelfahrt)
	case "MV":
		list = append(list, since(2023, de.Frauentag))
	}
	if !slices.Contains(list, de.Reformationstag) { // all had the 500th anniversary off
		list = append(list, once(2017, time.October, 31, "Reformationstag"))
	}
	return listed(list)
}

// reformed tells the states that have Reformation Day since 2018.
func reformed(state string) bool {
	return state == "HB" || state == "HH" || state == "NI" || state == "SH"
}
