package holidays

import (
	"math"
	"time"
)

// The Korean lunar calendar counts months from the new moons and years from the
// sun, both by the clock of UTC+9; the Chinese one, which goes by UTC+8, differs
// by a day or a month now and then, as it did for the new year of 1997. The 11th
// month is the one with the winter solstice. Where 13 months lie between two of
// those, the first in which the sun enters no sign is a leap month: it repeats
// the number of the one before.
//
// Instants are Julian days of Terrestrial Time; days are Julian days counted from
// midnight in Korea.

// koreanLunar returns the date of a day of a lunar month that is no leap month,
// in the lunar year that begins in the given year.
func koreanLunar(year, month, day int) time.Time {
	// Enough new moons to have both solstices: from November before to January
	// after.
	first := int(math.Floor((float64(year)-2000.2)*12.3685)) - 1
	var starts [18]int
	var signs [18]int // of the zodiac that the sun has entered as the month starts
	for i := range starts {
		starts[i] = koreanDay(newMoon(first + i))
		signs[i] = sign(starts[i])
	}
	var eleventh [2]int // the months with the solstices
	for i, n := 0, 0; n < 2; i++ {
		// A month may see the sun enter two signs.
		if entered := turn(signs[i+1] - signs[i]); turn(capricorn-signs[i]-1) < entered {
			eleventh[n] = i
			n++
		}
	}
	leap := eleventh[1]-eleventh[0] == 13
	number := 11
	for i := eleventh[0] + 1; ; i++ {
		if leap && signs[i] == signs[i+1] {
			leap = false
			continue
		}
		if number = number%12 + 1; number == month {
			return julianDate(starts[i] + day - 1)
		}
	}
}

// turn takes a number of signs around the circle.
func turn(signs int) int { return (signs + 12) % 12 }

// capricorn is the sign that the sun enters at the winter solstice.
const capricorn = 9

// sign returns in which twelfth of its course from the spring equinox the sun is
// at the midnight that begins a Korean day.
func sign(day int) int {
	return int(sunLongitude(float64(day)-0.5-9.0/24+deltaT(float64(day))/86400) / 30)
}

// koreanDay returns the day in Korea of an instant.
func koreanDay(jde float64) int {
	return int(math.Floor(jde - deltaT(jde)/86400 + 9.0/24 + 0.5))
}

// julianDate returns the date of a Julian day.
func julianDate(day int) time.Time {
	const epoch = 2440588 // of 1970-01-01
	return date(1970, time.January, 1+day-epoch)
}

// deltaT returns how many seconds Terrestrial Time is ahead of Universal Time
// around a Julian day: a fit to within two seconds from 1950 to 2005, then the
// expectation of Espenak and Meeus, Five Millennium Canon of Solar Eclipses,
// which may be off by a minute at the end of the century.
func deltaT(jd float64) float64 {
	y := 2000 + (jd-2451545)/365.25
	switch t := y - 2000; {
	case y < 2005:
		return 29 + 0.65*(y-1950)
	case y < 2050:
		return 62.92 + 0.32217*t + 0.005589*t*t
	default:
		u := (y - 1820) / 100
		return -20 + 32*u*u - 0.5628*(2150-y)
	}
}

// sunLongitude returns the apparent longitude of the sun in degrees, to about
// 0.01° (Meeus, Astronomical Algorithms, ch. 25).
func sunLongitude(jde float64) float64 {
	t := (jde - 2451545) / 36525
	mean := 280.46646 + t*(36000.76983+t*0.0003032)
	m := 357.52911 + t*(35999.05029-t*0.0001537)
	center := (1.914602-t*(0.004817+t*0.000014))*sin(m) +
		(0.019993-t*0.000101)*sin(2*m) + 0.000289*sin(3*m)
	apparent := mean + center - 0.00569 - 0.00478*sin(125.04-1934.136*t)
	return math.Mod(math.Mod(apparent, 360)+360, 360)
}

// newMoon returns the k-th new moon from that of 6 January 2000, to a few seconds
// (Meeus, ch. 49).
func newMoon(k int) float64 {
	n := float64(k)
	t := n / 1236.85
	e := 1 - t*(0.002516+t*0.0000074)
	sun := 2.5534 + 29.10535670*n - t*t*(0.0000014+t*0.00000011)
	moon := 201.5643 + 385.81693528*n + t*t*(0.0107582+t*(0.00001238-t*0.000000058))
	node := 160.7108 + 390.67050284*n - t*t*(0.0016118+t*(0.00000227-t*0.000000011))
	omega := 124.7746 - 1.56375588*n + t*t*(0.0020672+t*0.00000215)

	jde := 2451550.09766 + 29.530588861*n + t*t*(0.00015437-t*(0.000000150-t*0.00000000073))
	jde -= 0.00017 * sin(omega)
	for _, p := range [...]struct{ days, e, sun, moon, node float64 }{
		{-0.40720, 0, 0, 1, 0}, {0.17241, 1, 1, 0, 0}, {0.01608, 0, 0, 2, 0},
		{0.01039, 0, 0, 0, 2}, {0.00739, 1, -1, 1, 0}, {-0.00514, 1, 1, 1, 0},
		{0.00208, 2, 2, 0, 0}, {-0.00111, 0, 0, 1, -2}, {-0.00057, 0, 0, 1, 2},
		{0.00056, 1, 1, 2, 0}, {-0.00042, 0, 0, 3, 0}, {0.00042, 1, 1, 0, 2},
		{0.00038, 1, 1, 0, -2}, {-0.00024, 1, -1, 2, 0}, {-0.00007, 0, 2, 1, 0},
		{0.00004, 0, 0, 2, -2}, {0.00004, 0, 3, 0, 0}, {0.00003, 0, 1, 1, -2},
		{0.00003, 0, 0, 2, 2}, {-0.00003, 0, 1, 1, 2}, {0.00003, 0, -1, 1, 2},
		{-0.00002, 0, -1, 1, -2}, {-0.00002, 0, 1, 3, 0}, {0.00002, 0, 0, 4, 0},
	} {
		jde += p.days * math.Pow(e, p.e) * sin(p.sun*sun+p.moon*moon+p.node*node)
	}
	for _, p := range [...]struct{ days, at, rate float64 }{ // the planets
		{0.000325, 299.77 - 0.009173*t*t, 0.107408}, {0.000165, 251.88, 0.016321},
		{0.000164, 251.83, 26.651886}, {0.000126, 349.42, 36.412478},
		{0.000110, 84.66, 18.206239}, {0.000062, 141.74, 53.303771},
		{0.000060, 207.14, 2.453732}, {0.000056, 154.84, 7.306860},
		{0.000047, 34.52, 27.261239}, {0.000042, 207.19, 0.121824},
		{0.000040, 291.34, 1.844379}, {0.000037, 161.72, 24.198154},
		{0.000035, 239.56, 25.513099}, {0.000023, 331.55, 3.592518},
	} {
		jde += p.days * sin(p.at+p.rate*n)
	}
	return jde
}

// sin takes degrees.
func sin(deg float64) float64 { return math.Sin(deg * math.Pi / 180) }
