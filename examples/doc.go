// Package examples holds runnable programs that use the library, one folder each.
package examples
