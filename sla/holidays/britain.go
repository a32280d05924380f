package holidays

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/aa"
	"github.com/rickar/cal/v2/gb"
)

// britain returns the bank holidays of a part of the United Kingdom under the
// Banking and Financial Dealings Act 1971 and the proclamations made under it;
// with no more than what all parts share for part "".
//
// Package gb has one list, that of England and Wales.
func britain(part string) source {
	list := []*cal.Holiday{
		gb.NewYear, gb.GoodFriday, gb.EarlyMay, gb.VEDay, gb.CoronationDay, gb.SpringHoliday,
		gb.SpringHoliday2022, gb.PlatinumJubilee, gb.ChristmasDay, gb.BoxingDay,
		once(2022, time.September, 19, "State Funeral of Queen Elizabeth II"),
	}
	switch part {
	case "ENG", "WLS":
		list = append(list, gb.EasterMonday, gb.SummerHoliday)
	case "NIR":
		list = append(list, gb.EasterMonday, gb.SummerHoliday,
			yearly(time.March, 17, "Saint Patrick's Day", gb.NewYear.Observed),
			yearly(time.July, 12, "Battle of the Boyne", gb.NewYear.Observed))
	case "SCT":
		second := aa.NewYear.Clone(&cal.Holiday{Name: "2 January", Observed: gb.BoxingDay.Observed})
		second.Day = 2
		andrew := since(2007, yearly(time.November, 30, "Saint Andrew's Day", gb.NewYear.Observed))
		list = append(list, second, gb.SummerHolidayScotland, andrew,
			once(2026, time.June, 15, "World Cup"))
	}
	return listed(list)
}
