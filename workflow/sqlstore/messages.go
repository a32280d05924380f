package sqlstore

import "github.com/itsm-go/itsm/workflow"

const (
	addMessage = `INSERT INTO itsm_messages (kind, id, tenant, ready, lane, out, attempt, token, error, message, topic, at, payload)
VALUES (?1, ?2, ?3, ?4, NOT EXISTS (SELECT 1 FROM itsm_messages WHERE kind = ?1 AND id = ?2 AND lane <> 3),
	0, 0, 0, '', ?5, ?6, ?7, ?8)`
	dropMessage  = "DELETE FROM itsm_messages WHERE seq = ?"
	laneMessage  = "UPDATE itsm_messages SET lane = ? WHERE seq = ?"
	firstMessage = "SELECT seq, ready FROM itsm_messages WHERE kind = ? AND id = ? AND lane <> 3 ORDER BY seq LIMIT 1"
	headMessage  = "SELECT seq, out FROM itsm_messages WHERE kind = ? AND id = ? AND lane <> 3 AND lane <> 0 ORDER BY seq LIMIT 1"
)

// send queues the messages behind those of earlier commits.
func (c *commit) send(messages []workflow.Message) error {
	for i := range messages {
		m := &messages[i]
		kind, err := c.ensure(kindLevel, c.tenant, m.Ref.Kind)
		if err != nil {
			return err
		}
		_, err = c.exec(addMessage, kind, m.Ref.ID[:], c.tenant, always, m.ID[:], m.Topic, encodeTime(m.At), m.Payload)
		if err != nil {
			return err
		}
	}
	return nil
}

// advance makes the record's first message its head, when the one that was has
// gone, was put off or has fallen behind a revived one.
func (n *namer) advance(kind int64, id workflow.ID, now int64) error {
	var seq, ready int64
	ok, err := n.one(firstMessage, []any{kind, id[:]}, &seq, &ready)
	if err != nil || !ok {
		return err
	}
	lane := laneFree
	if ready > now {
		lane = laneHeld
	}
	_, err = n.exec(laneMessage, lane, seq)
	return err
}

// rejoin puts a revived message, which stands in no lane, among the others of
// its record. One that is out stays first.
func (n *namer) rejoin(kind int64, id workflow.ID) error {
	var head int64
	var out bool
	ok, err := n.one(headMessage, []any{kind, id[:]}, &head, &out)
	if err != nil || out {
		return err
	}
	if ok {
		if _, err := n.exec(laneMessage, laneBehind, head); err != nil {
			return err
		}
	}
	return n.advance(kind, id, always)
}
