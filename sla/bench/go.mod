module github.com/itsm-go/itsm/sla/bench

go 1.25.0

replace github.com/itsm-go/itsm => ../..

require (
	github.com/itsm-go/itsm v0.0.0
	github.com/rickar/cal/v2 v2.1.13
)

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/shopspring/decimal v1.6.0 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
)
