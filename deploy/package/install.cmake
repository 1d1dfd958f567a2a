# Rules of `cmake --install`: the binary, systemd units, manual page, shell completions, documents
# and examples, in the folders of the Filesystem Hierarchy Standard.
include(GNUInstallDirs)

install(TARGETS couponhook RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES README.md README.zh-CN.md CHANGELOG.md SECURITY.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY docs DESTINATION "${CMAKE_INSTALL_DOCDIR}")
foreach(folder haproxy nginx prometheus grafana compose kubernetes)
  install(DIRECTORY "deploy/${folder}" DESTINATION "${CMAKE_INSTALL_DOCDIR}/deploy")
endforeach()
if(EXISTS "${PROJECT_SOURCE_DIR}/examples")
  install(DIRECTORY examples DESTINATION "${CMAKE_INSTALL_DOCDIR}" USE_SOURCE_PERMISSIONS
          PATTERN node_modules EXCLUDE PATTERN __pycache__ EXCLUDE)
endif()

# The user of the service and the folder of its configuration, for systemd-sysusers(8) and
# systemd-tmpfiles(8).
install(FILES deploy/package/sysusers.conf DESTINATION lib/sysusers.d RENAME couponhook.conf)
install(FILES deploy/package/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME couponhook.conf)
install(FILES deploy/systemd/couponhook.socket deploy/systemd/couponhook-admin.socket
        DESTINATION lib/systemd/system)

# The path of the binary in the service unit is known only now: `cmake --install --prefix` and CPack
# choose the prefix at this moment.
install(CODE "
  set(bindir \"${CMAKE_INSTALL_BINDIR}\")
  set(mandir \"${CMAKE_INSTALL_MANDIR}\")
  set(datadir \"${CMAKE_INSTALL_DATADIR}\")
  set(source \"${PROJECT_SOURCE_DIR}\")
  set(binary \"$<TARGET_FILE:couponhook>\")
  set(scratch \"${PROJECT_BINARY_DIR}/install-files\")")
install(SCRIPT deploy/package/install_generated.cmake)
