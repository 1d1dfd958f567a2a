# Makes the manual page couponhook(1) of the records of help_records.awk.
function roff(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/-/, "\\-", text)
  gsub(/'/, "\\(aq", text)
  sub(/^\./, "\\\\\\&.", text)
  return text
}
function end_footer() { if (in_footer) print ".fi"; in_footer = 0 }

BEGIN {
  printf ".TH COUPONHOOK 1 \"%s\" \"%s\" \"User commands\"\n", date, version
}
$1 != "F" { end_footer() }
$1 == "C" && $2 == "" {
  print ".SH NAME"
  print "couponhook \\- receive WeChat Pay coupon notifications"
  print ".SH DESCRIPTION"
  print roff($3)
}
$1 == "C" && $2 != "" {
  if (!commands++) print ".SH COMMANDS"
  print ".SS " roff($2)
  print roff($3)
}
$1 == "U" { print ".PP"; print ".B " roff($3) }
$1 == "A" { print ".TP"; print ".I " roff($3); print roff($4) }
$1 == "O" {
  names = $3
  gsub(/,/, ", ", names)
  print ".TP"
  printf ".B %s", roff(names)
  if ($4 != "") printf " \\fI%s\\fR", roff($4)
  printf "\n%s", roff($6)
  if ($5 != "") printf " (default: %s)", roff($5)
  printf "\n"
}
$1 == "F" {
  if (!in_footer) { print ".PP"; print ".nf" }
  in_footer = 1
  print roff($3)
}
END {
  end_footer()
  print ".SH EXIT STATUS"
  print "0: success. 1: the command failed. 2: wrong usage, or a faulty configuration."
  print ".SH FILES"
  print ".TP"
  print ".I /etc/couponhook/couponhook.toml"
  print "The configuration that the systemd service uses."
  print ".TP"
  print ".I /var/lib/couponhook"
  print "The store and the fetched platform certificates of the systemd service."
  print ".SH SEE ALSO"
  print "The documents in share/doc/couponhook."
}
