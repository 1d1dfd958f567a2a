# Makes the zsh completion of the records of help_records.awk.
function quoted(text) {
  gsub(/'/, "'\\''", text)
  return text
}
# The brackets and colons of a description have a meaning for _arguments and _describe.
function plain(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/\[/, "\\[", text)
  gsub(/\]/, "\\]", text)
  gsub(/:/, "\\:", text)
  return quoted(text)
}
$1 == "C" {
  order[++count] = $2
  if ($2 != "") {
    parent = $2
    last = parent
    if (sub(/ [^ ]*$/, "", parent)) sub(/^.* /, "", last)
    else parent = ""
    below[parent] = below[parent] " '" last ":" plain($3) "'"
  }
}
$1 == "O" {
  n = split($3, names, ",")
  for (i = 1; i <= n; ++i) {
    argument = ""
    if ($4 ~ /\|/) {
      choices = $4
      gsub(/\|/, " ", choices)
      argument = ":value:(" choices ")"
    } else if ($4 != "") {
      argument = ":" $4 ":_files"
    }
    options[$2] = options[$2] " '*" names[i] "[" plain($6) "]" argument "'"
  }
}
END {
  print "#compdef couponhook"
  print "# zsh completion of couponhook; made of the output of couponhook --help"
  print "_couponhook() {"
  print "  local command='' i"
  print "  local -a commands"
  print "  for ((i = 2; i < CURRENT; ++i)); do"
  print "    case \"$command${command:+ }${words[i]}\" in"
  printf "      "
  for (i = 2; i <= count; ++i) printf "%s'%s'", (i > 2 ? " | " : ""), order[i]
  print ") command+=\"${command:+ }${words[i]}\" ;;"
  print "      *) break ;;"
  print "    esac"
  print "  done"
  print "  case \"$command\" in"
  for (i = 1; i <= count; ++i) {
    printf "    '%s')\n", order[i]
    if (order[i] in below) {
      printf "      commands=(%s)\n", below[order[i]]
      print "      [[ ${words[CURRENT]} == -* ]] || _describe command commands"
    }
    printf "      _arguments%s '*:file:_files' ;;\n", options[order[i]]
  }
  print "  esac"
  print "}"
  print "_couponhook \"$@\""
}
