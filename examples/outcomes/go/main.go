package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math/rand"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

// Request may bring its own version, Time and Writer together. Then it can be repeated without becoming a second
// write: Time is microseconds since 1970, Writer is new at every start and never issues a time twice. A clock that is
// behind makes a write that loses to what is there; left out, both are the node's.
type Request struct {
	Key     string `json:"key"`
	Value   string `json:"value,omitempty"`
	Level   string `json:"level,omitempty"`
	Time    int64  `json:"time,omitempty"`
	Writer  string `json:"writer,omitempty"`
	Trace   bool   `json:"trace,omitempty"`
	Version string `json:"version,omitempty"`
}

type Reply struct {
	Value   string
	Version string
	Level   string
	Receipt struct {
		Why    string
		Owners []struct{ Node, State string }
		Hints  []struct{ Target string }
	}
	Error struct {
		Code, Effect    string
		Alive, Required int
	}
	Held   string
	Hinted []string
}

func main() {
	url := os.Getenv("NATS_URL")
	if url == "" {
		url = nats.DefaultURL
	}
	nc, err := nats.Connect(url)
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Drain()

	// ### A receipt
	// Key 137 belongs to n2, n3 and n0, and n2 is dead. QUORUM does without it. A traced request brings a receipt: who
	// stored it, and who keeps a hint for the dead owner.
	write := Request{
		Key: "137", Value: "first", Level: "QUORUM", Trace: true,
		Time: time.Now().UnixMicro(), Writer: fmt.Sprintf("client~%08x", rand.Uint32()),
	}
	reply := ask(nc, "dynats.put", write)
	fmt.Printf("put @ %s: %s\n", reply.Level, reply.Receipt.Why)
	for _, owner := range reply.Receipt.Owners {
		if owner.Node == "n2" {
			fmt.Printf("n2 was %s, hints: %v\n", owner.State, reply.Receipt.Hints)
		}
	}

	// ### Unavailable: nothing happened
	// Too few owners are alive for ALL. That is known before anything is sent, so the effect is `none`: just try again.
	refused := ask(nc, "dynats.put", Request{Key: "137", Value: "second", Level: "ALL"}).Error
	fmt.Printf("%s: %d of %d owners alive, effect %s\n", refused.Code, refused.Alive, refused.Required, refused.Effect)
	fmt.Println("still:", ask(nc, "dynats.get", Request{Key: "137"}).Value)

	// ### Unknown: repeat it under its version, or ask
	// WRITE_TIMEOUT, or no reply at all, means that the write may have been stored. Sent again, it is the same write.
	again := ask(nc, "dynats.put", write)
	fmt.Println("the same write:", again.Version == reply.Version)

	// Every node tells what it knows of one version of a key.
	for _, node := range []string{"n0", "n1", "n3"} {
		known := ask(nc, "dynats.node."+node+".outcome", Request{Key: "137", Version: reply.Version})
		fmt.Printf("%s holds it: %t, has a hint for: %v\n", node, known.Held == reply.Version, known.Hinted)
	}
}

// ask sends a request and decodes the reply, which is an answer or an error.
func ask(nc *nats.Conn, subject string, request any) (reply Reply) {
	body, err := json.Marshal(request)
	if err != nil {
		log.Fatal(err)
	}
	message, err := nc.Request(subject, body, 5*time.Second)
	if err != nil {
		log.Fatal(subject, ": ", err)
	}
	if err := json.Unmarshal(message.Data, &reply); err != nil {
		log.Fatal(err)
	}
	return reply
}
