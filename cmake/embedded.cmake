# Links the embedded model into cm_backend; a build without the file has none and says so.
set(CM_EMBEDDED ${CMAKE_SOURCE_DIR}/model/embedded/cmdai-tiny.gguf)
if(EXISTS ${CM_EMBEDDED} AND TARGET cm_backend)
  file(SHA256 ${CM_EMBEDDED} sha)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/backend/embedded.c PROPERTIES
    OBJECT_DEPENDS ${CM_EMBEDDED}
    COMPILE_DEFINITIONS "CM_EMBEDDED_PATH=\"${CM_EMBEDDED}\";CM_EMBEDDED_SHA256=\"${sha}\"")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CM_EMBEDDED})
endif()
