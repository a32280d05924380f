// Package workflow is the kernel that every practice stands on.
package workflow
