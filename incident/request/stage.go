package request

import "time"

// Stage is where an item is, as its requester sees it.
type Stage string

// The stages, in order. The last two are not reached by items that are delivered.
const (
	StageOrdered      Stage = "ordered"
	StageApproval     Stage = "waiting for approval"
	StageApproved     Stage = "approved"
	StageFulfilment   Stage = "fulfilment"
	StageHold         Stage = "waiting"
	StageDelivered    Stage = "delivered"
	StageNotDelivered Stage = "not delivered"
	StageEnded        Stage = "ended" // rejected or cancelled
)

// Stage tells where the item is.
func (it *Item) Stage() Stage {
	switch it.State {
	case ItemWaiting:
		return StageApproval
	case ItemApproved:
		return StageApproved
	case ItemFulfilment:
		if it.Hold != "" {
			return StageHold
		}
		return StageFulfilment
	case ItemComplete, ItemSkipped:
		return StageDelivered
	case ItemIncomplete:
		return StageNotDelivered
	case ItemRejected, ItemCancelled:
		return StageEnded
	}
	return StageOrdered
}

// Mark is a stage on the way of an item.
type Mark struct {
	Stage Stage     `json:"stage"`
	Done  bool      `json:"done"`          // it lies behind the item
	Now   bool      `json:"now,omitempty"` // it is where the item is
	At    time.Time `json:"at,omitzero"`   // when it came there, where that is kept
}

// Way is the way of the item with where it is on it, for a progress bar.
func (it *Item) Way() []Mark {
	way := []Mark{{Stage: StageOrdered}}
	if it.Approval != nil {
		way = append(way, Mark{Stage: StageApproval, At: it.Approval.Opened})
	}
	now := it.Stage()
	if now == StageApproved {
		way = append(way, Mark{Stage: StageApproved})
	}
	if now != StageEnded || !it.BegunAt.IsZero() {
		way = append(way, Mark{Stage: StageFulfilment, At: it.BegunAt})
	}
	switch now {
	case StageHold:
		way = append(way, Mark{Stage: StageHold})
		fallthrough
	case StageOrdered, StageApproval, StageApproved, StageFulfilment:
		way = append(way, Mark{Stage: StageDelivered})
	default:
		way = append(way, Mark{Stage: now, At: it.EndedAt})
	}
	at := len(way) - 1
	for i := range way {
		if way[i].Stage == now {
			way[i].Now, at = true, i
		}
	}
	for i := range way[:at] {
		way[i].Done = true
	}
	return way
}
