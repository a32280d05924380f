module github.com/itsm-go/itsm/sla/holidays

go 1.25.0

replace github.com/itsm-go/itsm => ../..

require (
	github.com/arran4/golang-ical v0.3.4
	github.com/itsm-go/itsm v0.0.0
	github.com/rickar/cal/v2 v2.1.13
	github.com/teambition/rrule-go v1.8.2
)

require go.yaml.in/yaml/v3 v3.0.6 // indirect
