// Package jetstream carries envelopes through NATS JetStream.
package jetstream
