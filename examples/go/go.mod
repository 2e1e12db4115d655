module example.com/closing

go 1.23

require github.com/stripe/stripe-go/v86 v86.4.2
