wx.downloadFile({
  url: 'http://example.com/download/123', //下载资源url，仅为示例，并非真实的资源
  success: function(res) {
    wx.playVoice({
      filePath: res.tempFilePath
    })
  }
})
