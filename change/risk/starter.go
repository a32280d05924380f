package risk

// Starter is a configuration to begin with: five questions, three rules, impact
// and history. Its rules look at the facts "type" ("standard", "normal",
// "emergency") and "lead_hours", the hours from the request to the planned start.
// Its questions and limits are a start and no standard: fit them to the house.
func Starter() Config {
	return Config{
		Questionnaire: starterQuestionnaire(),
		Rules: []Rule{
			{Name: "standard", When: []Test{{Fact: "type", Op: Equals, Values: []string{"standard"}}}, Risk: Low},
			{Name: "emergency", When: []Test{{Fact: "type", Op: Equals, Values: []string{"emergency"}}}, Risk: High},
			{Name: "short notice", When: []Test{{Fact: "lead_hours", Op: Below, Values: []string{"24"}}}, Risk: Moderate},
		},
		Impact: &ImpactModel{Steps: []Step{
			{Impact: GradeMedium, Risk: Moderate, ServicesDown: 1, ServicesDegraded: 3, Users: 100, SinglePoint: true},
			{Impact: GradeHigh, Risk: High, ServicesDown: 3, CriticalServices: 1, Users: 1000},
			{Impact: GradeHigh, Risk: VeryHigh, ServicesDown: 10, CriticalServices: 3, Users: 10_000},
		}},
		History: &HistoryModel{LowFrom: 85, MediumFrom: 60, Least: 10, Unknown: GradeMedium, UnknownImpact: GradeMedium, Lookup: DefaultLookup()},
	}
}

func starterQuestionnaire() *Questionnaire {
	return &Questionnaire{
		Name: "change-risk", Version: 1,
		Questions: []Question{
			{ID: "tested", Text: "Has it been tested?", Weight: 2, Choices: []Choice{
				{"like_production", "Yes, in a copy of production", 0}, {"partly", "In part", 2}, {"no", "No", 4}}},
			{ID: "back_out", Text: "Can it be backed out?", Weight: 2, Choices: []Choice{
				{"at_once", "At once, and that was tried", 0}, {"slowly", "With some effort", 2}, {"no", "No", 4}}},
			{ID: "outage", Text: "Will users notice?", Weight: 2, Choices: []Choice{
				{"no", "No", 0}, {"agreed", "Yes, when it was agreed", 1}, {"service_hours", "Yes, in service hours", 4}}},
			{ID: "experience", Text: "How often has the team done this?", Choices: []Choice{
				{"often", "Often", 0}, {"once", "Once or twice", 1}, {"never", "Never", 3}}},
			{ID: "teams", Text: "How many teams does it take?", Choices: []Choice{
				{"one", "One", 0}, {"few", "Two or three", 1}, {"many", "More", 2}}},
		},
		Thresholds: []Threshold{{-1, Low}, {7, Moderate}, {14, High}, {22, VeryHigh}},
	}
}
