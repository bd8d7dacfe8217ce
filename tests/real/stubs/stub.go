// Go's own resolver: see stubs.sh.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"sort"
	"strings"
)

func ask(kind, name string) ([]string, error) {
	switch kind {
	case "address":
		return net.LookupHost(name)
	case "PTR":
		names, err := net.LookupAddr(name)
		for i := range names {
			names[i] = strings.TrimSuffix(names[i], ".")
		}
		return names, err
	case "MX":
		records, err := net.LookupMX(name)
		said := []string{}
		for _, record := range records {
			said = append(said, fmt.Sprintf("%d %s", record.Pref, strings.TrimSuffix(record.Host, ".")))
		}
		return said, err
	default:
		texts, err := net.LookupTXT(name)
		return []string{fmt.Sprint(len(strings.Join(texts, "")))}, err
	}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		said, err := ask(words[0], words[1])
		sort.Strings(said)
		result := strings.Join(said, " ")
		var failure *net.DNSError
		if errors.As(err, &failure) {
			switch {
			case failure.IsNotFound:
				result = "not found"
			case failure.IsTemporary, failure.IsTimeout:
				result = "try again"
			default:
				result = failure.Err
			}
		}
		fmt.Println(words[0], words[1], result)
	}
}
