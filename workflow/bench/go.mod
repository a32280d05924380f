module github.com/itsm-go/itsm/workflow/bench

go 1.25.0

require (
	github.com/itsm-go/itsm v0.0.0
	github.com/looplab/fsm v1.0.3
	github.com/qmuntal/stateless v1.7.2
)

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/shopspring/decimal v1.6.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/itsm-go/itsm => ../..
