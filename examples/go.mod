module github.com/itsm-go/itsm/examples

go 1.25.0

require github.com/itsm-go/itsm v0.0.0

replace github.com/itsm-go/itsm => ..
