package holidays

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ar"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/mw"
	"github.com/rickar/cal/v2/nc"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/ru"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/ua"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// source is where the holidays of a region come from.
type source struct {
	first int                    // year
	days  func(year int) []entry // of which some may lie in the years next to it
}

// table returns every region by its ISO 3166 code. The countries are those of
// package cal, whose lists are corrected where they are known to be wrong.
func table() map[string]source {
	return map[string]source{
		"AR":     listed(ar.Holidays),
		"AT":     listed(at.Holidays),
		"AU-ACT": listed(au.HolidaysACT),
		"AU-NSW": listed(au.HolidaysNSW),
		"AU-NT":  listed(au.HolidaysNT),
		"AU-QLD": listed(au.HolidaysQLD),
		"AU-SA":  listed(au.HolidaysSA),
		"AU-TAS": listed(au.HolidaysTAS),
		"AU-VIC": listed(au.HolidaysVIC),
		"AU-WA":  listed(au.HolidaysWA),
		"BE":     listed(be.Holidays),
		"BG":     listed(bg.Holidays),
		"BR":     brazil(),
		"CA":     listed(ca.Holidays),
		"CH":     switzerland(),
		"CH-AG":  listed(ch.HolidaysAG),
		"CH-AI":  listed(ch.HolidaysAI),
		"CH-AR":  listed(ch.HolidaysAR),
		"CH-BE":  listed(ch.HolidaysBE),
		"CH-BL":  listed(ch.HolidaysBL),
		"CH-BS":  listed(ch.HolidaysBS),
		"CH-FR":  listed(ch.HolidaysFR),
		"CH-GE":  listed(ch.HolidaysGE),
		"CH-GL":  listed(ch.HolidaysGL),
		"CH-GR":  listed(ch.HolidaysGR),
		"CH-JU":  listed(ch.HolidaysJU),
		"CH-LU":  listed(ch.HolidaysLU),
		"CH-NE":  listed(ch.HolidaysNE),
		"CH-NW":  listed(ch.HolidaysNW),
		"CH-OW":  listed(ch.HolidaysOW),
		"CH-SG":  listed(ch.HolidaysSG),
		"CH-SH":  listed(ch.HolidaysSH),
		"CH-SO":  listed(ch.HolidaysSO),
		"CH-SZ":  listed(ch.HolidaysSZ),
		"CH-TG":  listed(ch.HolidaysTG),
		"CH-TI":  listed(ch.HolidaysTI),
		"CH-UR":  listed(ch.HolidaysUR),
		"CH-VD":  listed(ch.HolidaysVD),
		"CH-VS":  listed(ch.HolidaysVS),
		"CH-ZG":  listed(ch.HolidaysZG),
		"CH-ZH":  listed(ch.HolidaysZH),
		"CZ":     listed(cz.Holidays),
		"DE":     germany("", de.Holidays),
		"DE-BB":  germany("BB", de.HolidaysBB),
		"DE-BE":  germany("BE", de.HolidaysBE),
		"DE-BW":  germany("BW", de.HolidaysBW),
		"DE-BY":  germany("BY", de.HolidaysBY),
		"DE-HB":  germany("HB", de.HolidaysHB),
		"DE-HE":  germany("HE", de.HolidaysHE),
		"DE-HH":  germany("HH", de.HolidaysHH),
		"DE-MV":  germany("MV", de.HolidaysMV),
		"DE-NI":  germany("NI", de.HolidaysNI),
		"DE-NW":  germany("NW", de.HolidaysNW),
		"DE-RP":  germany("RP", de.HolidaysRP),
		"DE-SH":  germany("SH", de.HolidaysSH),
		"DE-SL":  germany("SL", de.HolidaysSL),
		"DE-SN":  germany("SN", de.HolidaysSN),
		"DE-ST":  germany("ST", de.HolidaysST),
		"DE-TH":  germany("TH", de.HolidaysTH),
		"DK":     listed(dk.Holidays),
		"ES":     listed(es.Holidays),
		"FR":     listed(fr.Holidays),
		"GB":     britain(""),
		"GB-ENG": britain("ENG"),
		"GB-NIR": britain("NIR"),
		"GB-SCT": britain("SCT"),
		"GB-WLS": britain("WLS"),
		"GR":     listed(gr.Holidays),
		"HR":     listed(hr.Holidays),
		"IE":     listed(ie.Holidays),
		"IT":     italy(),
		"JP":     japan(),
		"KR":     source{first: koreaFirst, days: korea},
		"LT":     listed(lt.Holidays),
		"LV":     listed(lv.Holidays),
		"MW":     listed(mw.Holidays),
		"NC":     listed(nc.Holidays),
		"NL":     listed(nl.Holidays),
		"NO":     listed(no.Holidays),
		"NZ":     newZealand(),
		"PL":     poland(),
		"RO":     romania(),
		"RU":     listed(ru.Holidays),
		"SE":     listed(se.Holidays),
		"SI":     listed(si.Holidays),
		"SK":     slovakia(),
		"UA":     listed(ua.Holidays),
		"US":     listed(us.Holidays),
		"ZA":     listed(za.Holidays),
	}
}

// listed returns the holidays of a list of package cal.
func listed(list []*cal.Holiday) source {
	return source{first: firstYear, days: func(year int) []entry {
		var out []entry
		for _, h := range list {
			// Days that are usual but not by law, such as Christmas Eve in Sweden.
			if h.Type != cal.ObservanceOther {
				out = append(out, calculated(h, year)...)
			}
		}
		return out
	}}
}

// calculated returns the day of a holiday in a year and, if that differs, the day
// on which it is observed.
func calculated(h *cal.Holiday, year int) []entry {
	// Some holidays note their day in themselves, which others may be reading. The
	// day observed is left to us, since it depends on the weekday: see civil.
	own := *h
	own.Observed = nil
	actual, _ := own.Calc(year)
	if actual.IsZero() {
		return nil
	}
	on := civil(actual)
	list := []entry{{on, h.Name}}
	for _, alt := range h.Observed {
		if alt.Day == on.Weekday() {
			return append(list, entry{on.AddDate(0, 0, alt.Offset), h.Name + " (observed)"})
		}
	}
	return list
}

// civil returns the date of a midnight of package cal. It is one of the host's
// zone, where a midnight that the clock skips may read 23:00 of the day before.
func civil(t time.Time) time.Time {
	y, m, d := t.Add(2 * time.Hour).Date()
	return date(y, m, d)
}
