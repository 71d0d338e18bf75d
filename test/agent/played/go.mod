module played

go 1.24
