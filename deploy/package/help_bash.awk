# Makes the bash completion of the records of help_records.awk.
$1 == "C" {
  known[$2] = 1
  if ($2 != "") {
    parent = $2
    last = parent
    if (sub(/ [^ ]*$/, "", parent)) sub(/^.* /, "", last)
    else parent = ""
    words[parent] = words[parent] " " last
  }
  order[++count] = $2
}
$1 == "O" {
  split($3, names, ",")
  for (i = 1; i in names; ++i) {
    words[$2] = words[$2] " " names[i]
    if ($4 != "" && !(names[i] in takes_value)) {
      takes_value[names[i]] = 1
      value_names = value_names (value_names == "" ? "" : " | ") names[i]
    }
    if ($4 ~ /\|/) {
      choices = $4
      gsub(/\|/, " ", choices)
      lists = lists sprintf("    '%s') COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n",
                            $2 " " names[i], choices)
    }
  }
}
END {
  print "# bash completion of couponhook; made of the output of couponhook --help"
  print "_couponhook() {"
  print "  local word=${COMP_WORDS[COMP_CWORD]} command='' i"
  print "  for ((i = 1; i < COMP_CWORD; ++i)); do"
  print "    case \"$command${command:+ }${COMP_WORDS[i]}\" in"
  printf "      "
  for (i = 2; i <= count; ++i) printf "%s'%s'", (i > 2 ? " | " : ""), order[i]
  print ") command+=\"${command:+ }${COMP_WORDS[i]}\" ;;"
  print "      *) break ;;"
  print "    esac"
  print "  done"
  print "  case \"$command ${COMP_WORDS[COMP_CWORD - 1]}\" in"
  printf "%s", lists
  print "  esac"
  print "  case \"${COMP_WORDS[COMP_CWORD - 1]}\" in"
  print "    " value_names ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;"
  print "  esac"
  print "  case \"$command\" in"
  for (i = 1; i <= count; ++i) {
    printf "    '%s') COMPREPLY=($(compgen -W '%s' -- \"$word\")) ;;\n", order[i], words[order[i]]
  }
  print "  esac"
  print "  # Names of files, where no command and no option fits."
  print "  if [ ${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- \"$word\")); fi"
  print "}"
  print "complete -o filenames -F _couponhook couponhook"
}
