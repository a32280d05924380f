package sample

import "math/rand/v2"

// Everything is drawn with whole numbers: floating point may round differently
// from one processor to the next, and the log must come out the same.

// A share is a value and how often it comes among its kind.
type share struct {
	value  string
	weight int
}

func pick(r *rand.Rand, shares []share) string {
	total := 0
	for _, s := range shares {
		total += s.weight
	}
	n := r.IntN(total)
	for _, s := range shares {
		if n -= s.weight; n < 0 {
			return s.value
		}
	}
	return ""
}

func pickIndex(r *rand.Rand, weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	n := r.IntN(total)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return 0
}

// chance is true in so many of a thousand cases.
func chance(r *rand.Rand, perMille int) bool { return r.IntN(1000) < perMille }

// Minutes at 0, 10, ... 90, 95 and 99 % of the cases.
type quantiles [12]int

var knots = [12]int{0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 950, 990}

func (q quantiles) draw(r *rand.Rand) int {
	p := r.IntN(991)
	for i := 1; i < len(knots); i++ {
		if p <= knots[i] {
			return q[i-1] + (q[i]-q[i-1])*(p-knots[i-1])/(knots[i]-knots[i-1])
		}
	}
	return q[len(q)-1]
}

const (
	isNew      = "New"
	isActive   = "Active"
	userInfo   = "Awaiting User Info"
	vendor     = "Awaiting Vendor"
	problem    = "Awaiting Problem"
	evidence   = "Awaiting Evidence"
	isResolved = "Resolved"
	isClosed   = "Closed"
	unknown    = "-100"
	theEnd     = ""
)

var firstStates = []share{{isNew, 16397}, {isActive, 6503}, {isResolved, 1819}, {userInfo, 193}, {problem, 6}}

// nextStates says what the row after one in a given state is.
var nextStates = map[string][]share{
	isNew:      {{isNew, 20010}, {isActive, 7936}, {isResolved, 6347}, {userInfo, 1944}, {vendor, 81}, {problem, 75}, {isClosed, 11}, {evidence, 2}},
	isActive:   {{isActive, 22728}, {isResolved, 12048}, {userInfo, 3629}, {vendor, 160}, {problem, 146}, {evidence, 3}, {isClosed, 1}},
	userInfo:   {{userInfo, 8790}, {isResolved, 4657}, {isActive, 1140}, {problem, 25}, {vendor, 21}, {evidence, 8}, {isClosed, 1}},
	vendor:     {{vendor, 438}, {isResolved, 191}, {isActive, 42}, {userInfo, 26}, {evidence, 9}, {problem, 1}},
	problem:    {{problem, 208}, {isResolved, 155}, {userInfo, 57}, {isActive, 36}, {vendor, 3}, {evidence, 2}},
	evidence:   {{isResolved, 17}, {evidence, 14}, {vendor, 4}, {isActive, 2}, {userInfo, 1}},
	isResolved: {{isClosed, 24917}, {isResolved, 515}, {isActive, 317}, {userInfo, 2}},
	isClosed:   {{theEnd, 24918}, {isClosed, 55}, {isActive, 12}},
	unknown:    {{isResolved, 1}},
}

var firstLag = quantiles{0, 0, 0, 0, 0, 1, 3, 5, 8, 13, 21, 49}

// lag draws the minutes between a row and the next one.
func lag(r *rand.Rand, from, to string) int {
	q := quantiles{0, 0, 0, 0, 1, 4, 23, 114, 892, 3626, 8513, 40213}
	switch {
	case from == isResolved && to == isClosed:
		q = quantiles{7200, 7205, 7212, 7220, 7227, 7233, 7240, 7247, 7254, 10721, 19854, 25031}
	case from == isNew && to == isNew:
		q = quantiles{0, 0, 1, 4, 13, 36, 106, 304, 950, 2833, 5850, 20283}
	case from == isNew && to == isResolved:
		q = quantiles{0, 0, 2, 6, 10, 20, 47, 169, 907, 3536, 9003, 49219}
	case from == isNew:
		q = quantiles{0, 0, 1, 5, 16, 42, 116, 327, 1190, 4278, 8455, 21751}
	case from == isActive && to == isActive:
		q = quantiles{0, 0, 2, 9, 32, 96, 247, 760, 1478, 4561, 9664, 41793}
	case from == isActive && to == isResolved:
		q = quantiles{0, 0, 0, 1, 3, 9, 21, 66, 403, 2725, 8358, 40497}
	case from == userInfo && to == userInfo:
		q = quantiles{0, 1, 18, 118, 399, 1182, 1508, 3169, 5752, 9771, 15924, 51360}
	case from == userInfo:
		q = quantiles{0, 0, 1, 7, 96, 476, 1367, 2990, 6179, 11617, 26563, 83601}
	case from == vendor:
		q = quantiles{0, 0, 1, 97, 1157, 2576, 6005, 11641, 29893, 47254, 66501, 122423}
	case from == problem || from == evidence:
		q = quantiles{0, 0, 1, 39, 313, 1350, 2504, 4403, 9661, 28714, 48659, 70556}
	case from == isResolved || from == isClosed:
		q = quantiles{0, 7, 16, 28, 75, 164, 581, 1081, 1498, 4031, 5436, 8638}
	}
	return q.draw(r)
}

// byHour and byWeekday (from Monday) count the incidents opened.
var (
	byHour    = []int{269, 222, 149, 123, 128, 132, 320, 573, 2547, 3014, 2893, 2469, 1342, 1645, 2255, 2131, 1867, 1075, 466, 296, 226, 359, 245, 172}
	byWeekday = []int{5947, 4951, 4884, 4105, 3829, 639, 563}
)

// Impact, urgency and the priority they give.
var gradings = []struct {
	impact, urgency, priority int
	first, later              int // weight when opened, and when graded again
}{
	{2, 2, 3, 23330, 54},
	{3, 3, 4, 650, 44},
	{2, 1, 2, 170, 80},
	{1, 2, 2, 120, 67},
	{1, 1, 1, 160, 171},
	{3, 2, 4, 80, 5},
	{2, 3, 4, 30, 5},
	{3, 1, 3, 5, 3},
}

var (
	gradingNames  = []string{"", "1 - High", "2 - Medium", "3 - Low"}
	priorityNames = []string{"", "1 - Critical", "2 - High", "3 - Moderate", "4 - Low"}
)

var contactTypes = []share{{"Phone", 24688}, {"Self service", 158}, {"Email", 59}, {"IVR", 9}, {"Direct opening", 4}}

var closeCodes = []share{
	{"code 6", 14882}, {"code 7", 4412}, {"code 9", 2489}, {"code 8", 831}, {"code 5", 677}, {"code 1", 449},
	{"code 10", 314}, {"code 11", 221}, {"code 16", 171}, {"code 4", 130}, {"?", 107}, {"code 3", 99},
}

var groups = []share{
	{"Service Desk", 10500}, {"Workplace North", 1380}, {"Workplace South", 1330}, {"SAP Finance", 1180}, {"SAP Logistics", 900},
	{"Network Operations", 800}, {"Mail and Calendar", 640}, {"Windows Servers", 605}, {"Identity and Access", 575},
	{"Printing", 440}, {"Telephony", 420}, {"Linux Servers", 410}, {"Databases", 380}, {"Plant Systems", 375},
	{"Storage and Backup", 350}, {"Web Applications", 325}, {"Security Operations", 300}, {"Mobile Devices", 285},
	{"Business Intelligence", 285}, {"Integration", 265}, {"Point of Sale", 230}, {"Engineering Tools", 225}, {"Human Resources Systems", 220}, {"Facilities", 150},
}

var categories = []share{
	{"Account and password", 3558}, {"E-mail", 3338}, {"Business application", 2678}, {"Workstation", 2432}, {"Network access", 1522},
	{"Printing", 1155}, {"Telephony", 1144}, {"File shares", 1063}, {"Remote access", 1047}, {"Software installation", 971},
	{"Mobile device", 810}, {"Reporting", 640}, {"Web portal", 602}, {"Wireless", 551}, {"Video conference", 549}, {"Security alert", 517},
	{"Server", 501}, {"Batch job", 436}, {"Database", 302}, {"Backup", 245}, {"Production line", 153}, {"Building access", 126},
}

var locations = []share{
	{"Headquarters", 5554}, {"Plant 1", 4002}, {"Plant 2", 3276}, {"Sales Office West", 2140}, {"Sales Office East", 1934},
	{"Warehouse", 1516}, {"Plant 3", 1200}, {"Research Centre", 900}, {"Sales Office North", 800}, {"Data Centre", 500}, {"Field Service", 3000},
}
