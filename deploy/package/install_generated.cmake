# Part of `cmake --install`: files whose content depends on the prefix or on the binary. install.cmake
# sets the variables bindir, mandir, datadir, source, binary and scratch (a folder for temporary
# files).
file(MAKE_DIRECTORY "${scratch}")

if(IS_ABSOLUTE "${bindir}")
  set(installed_binary "${bindir}/couponhook")
else()
  set(installed_binary "${CMAKE_INSTALL_PREFIX}/${bindir}/couponhook")
endif()
file(READ "${source}/deploy/systemd/couponhook.service" unit)
string(REPLACE "/usr/local/bin/couponhook" "${installed_binary}" unit "${unit}")
file(WRITE "${scratch}/couponhook.service" "${unit}")

execute_process(COMMAND "${source}/deploy/package/help_pages.sh" "${binary}" "${scratch}"
                RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "deploy/package/help_pages.sh failed; it needs bash and awk")
endif()

# Installs a file of the scratch folder in a folder below the prefix.
function(install_generated name folder)
  if(NOT IS_ABSOLUTE "${folder}")
    set(folder "${CMAKE_INSTALL_PREFIX}/${folder}")
  endif()
  set(file "${scratch}/${name}")
  if(ARGC GREATER 2)
    file(RENAME "${file}" "${scratch}/${ARGV2}")
    set(file "${scratch}/${ARGV2}")
  endif()
  file(INSTALL "${file}" DESTINATION "${folder}"
       FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

install_generated(couponhook.service lib/systemd/system)
install_generated(couponhook.1 "${mandir}/man1")
install_generated(couponhook.bash "${datadir}/bash-completion/completions" couponhook)
install_generated(couponhook.zsh "${datadir}/zsh/vendor-completions" _couponhook)
install_generated(couponhook.fish "${datadir}/fish/vendor_completions.d")
