module github.com/itsm-go/itsm/cmdb/bench

go 1.25.0

replace github.com/itsm-go/itsm => ../..

require (
	github.com/dominikbraun/graph v0.23.0
	github.com/itsm-go/itsm v0.0.0
	gonum.org/v1/gonum v0.17.0
)

require go.yaml.in/yaml/v3 v3.0.6 // indirect
