package holidays

import (
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/sk"
)

// The lists of package cal v2.1.13 are corrected here where the law has moved on.

// brazil follows Lei 14.759/2023.
func brazil() source {
	return with(br.Holidays, since(2024, yearly(time.November, 20, "Dia Nacional de Zumbi e da Consciência Negra", nil)))
}

// italy follows Legge 151/2025.
func italy() source {
	return with(it.Holidays, since(2026, yearly(time.October, 4, "San Francesco d'Assisi", nil)))
}

// romania follows Legea 52/2023.
func romania() source {
	return with(ro.Holidays,
		since(2024, yearly(time.January, 6, "Bobotează", nil)),
		since(2024, yearly(time.January, 7, "Soborul Sfântului Ioan Botezătorul", nil)))
}

// newZealand follows Te Kāhui o Matariki Public Holiday Act 2022, whose schedule
// ends with 2052.
func newZealand() source {
	list := []*cal.Holiday{once(2022, time.September, 26, "Queen Elizabeth II Memorial Day")}
	for i, on := range [...][2]int{
		{6, 24}, {7, 14}, {6, 28}, {6, 20}, {7, 10}, {6, 25}, {7, 14}, {7, 6}, // 2022 to 2029
		{6, 21}, {7, 11}, {7, 2}, {6, 24}, {7, 7}, {6, 29}, {7, 18}, {7, 10}, {6, 25}, {7, 15}, // 2030s
		{7, 6}, {7, 19}, {7, 11}, {7, 3}, {6, 24}, {7, 7}, {6, 29}, {7, 19}, {7, 3}, {6, 25}, // 2040s
		{7, 15}, {6, 30}, {6, 21}, // 2050 to 2052
	} {
		list = append(list, once(2022+i, time.Month(on[0]), on[1], "Matariki"))
	}
	return with(nz.Holidays, list...)
}

// slovakia follows the amendments of zákon 241/1993: days that are still named in
// it but are no longer days of rest, two of them in 2026 only.
func slovakia() source {
	list := slices.Clone(sk.Holidays)
	for i, h := range list {
		switch h {
		case sk.Constitution:
			list[i] = until(2023, h)
		case sk.Freedom:
			list[i] = until(2024, h)
		case sk.Liberation, sk.LadyOfSorrows:
			list[i] = h.Clone(&cal.Holiday{Except: []int{2026}})
		}
	}
	return listed(list)
}

// switzerland returns what all cantons share. Only the 1st of August is federal
// law; package ch lists under the country what is a holiday in any canton.
func switzerland() source {
	return listed([]*cal.Holiday{ch.Neujahr, ch.Auffahrt, ch.Bundesfeiertag, ch.Weihnachtstag})
}

// japan corrects package jp by the acts for the year without an Emperor's
// Birthday and for the Olympic Games of 2020 and 2021, which moved Mountain Day.
func japan() source {
	list := slices.Clone(jp.Holidays)
	for i, h := range list {
		switch h {
		case jp.TheEmperorsBirthday:
			list[i] = h.Clone(&cal.Holiday{Except: []int{2019}})
		case jp.MountainDay:
			list[i] = h.Clone(&cal.Holiday{Except: []int{2020, 2021}})
		}
	}
	return with(list,
		once(2020, time.August, 10, jp.MountainDay.Name),
		once(2021, time.August, 8, jp.MountainDay.Name),
		once(2021, time.August, 9, jp.MountainDay.Name+" (observed)"))
}

// poland adds Christmas Eve, which is a holiday since 2025.
func poland() source {
	return with(pl.Holidays, since(2025, yearly(time.December, 24, "Wigilia Bożego Narodzenia", nil)))
}

// with returns the list and more.
func with(list []*cal.Holiday, more ...*cal.Holiday) source {
	return listed(append(slices.Clone(list), more...))
}

// yearly returns a holiday on a date of every year.
func yearly(month time.Month, day int, name string, observed []cal.AltDay) *cal.Holiday {
	return &cal.Holiday{
		Name: name, Type: cal.ObservancePublic, Month: month, Day: day, Func: cal.CalcDayOfMonth,
		Observed: observed,
	}
}

// once returns a holiday of one year.
func once(year int, month time.Month, day int, name string) *cal.Holiday {
	return since(year, until(year, yearly(month, day, name, nil)))
}

// since returns the holiday with its first year.
func since(year int, h *cal.Holiday) *cal.Holiday {
	return h.Clone(&cal.Holiday{StartYear: year})
}

// until returns the holiday with its last year.
func until(year int, h *cal.Holiday) *cal.Holiday {
	return h.Clone(&cal.Holiday{EndYear: year})
}
