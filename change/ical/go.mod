module github.com/itsm-go/itsm/change/ical

go 1.25.0

replace github.com/itsm-go/itsm => ../..

require (
	github.com/arran4/golang-ical v0.3.4
	github.com/itsm-go/itsm v0.0.0
	github.com/stretchr/testify v1.12.1
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
