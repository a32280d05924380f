// Package holidays turns public holidays and iCalendar data into days of package
// calendar:
//
//	days, err := holidays.In("DE-BY", 2026, 2030)
//	hours, err := calendar.New("Europe/Berlin",
//		calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"),
//		holidays.Closed(days...))
//
// # Where the days come from
//
// [In] knows the countries of [Regions], many with their parts: every German
// state, every Swiss canton, the four parts of the United Kingdom. The lists are
// those of github.com/rickar/cal, corrected for Brazil, Germany, Italy, Japan, New
// Zealand, Poland, Romania, Slovakia, Switzerland and the United Kingdom where
// they are behind the law. Days that are customary but not public holidays, such
// as Christmas Eve in Sweden, are left out, and so are holidays of single
// municipalities. For Bavaria the Assumption is in, although some municipalities
// work on it.
//
// South Korea follows the Act on Public Holidays and the Regulations on Holidays
// of Public Offices: lunar dates are worked out from sun and moon in Korean time,
// substitute holidays by article 3 of the Regulations as it was in force each
// year. Elections and temporary holidays are a table that ends with 2026, since
// the government announces them one by one; the years before 1991 are not known.
//
// Elsewhere too, what a government grants for one year only is known if it was
// known when this package was written. Past and future years go by today's law,
// except where the year of a change is known. To keep a contract's calendar from
// changing with an update of this package, store the days or the calendar.
//
// # iCalendar
//
// [ReadICS] reads the holidays of a feed, [WriteICS] writes one. [ReadHours] and
// [WriteHours] do the same for opening hours, which are weekly events. All of RFC
// 5545 that has no meaning for holidays or weekly hours is an error, never
// dropped in silence; sizes are limited, so a feed may come from anywhere.
//
// Errors about what was given match [calendar.ErrInvalid] and list every problem.
// Nothing here reads the clock or the network or keeps state: all functions are
// safe for concurrent use and give new slices.
package holidays
