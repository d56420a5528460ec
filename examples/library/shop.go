// Package library shows Iago inside go test: shop.go is a service, shop_test.go loads it and judges it by its objectives.
package library

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// shop answers /cart?items=N with what N items cost.
func shop(w http.ResponseWriter, r *http.Request) {
	items, err := strconv.Atoi(r.URL.Query().Get("items"))
	if err != nil || items < 0 {
		http.Error(w, "items: expected a number", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]int{"items": items, "total": 7 * items})
}
