"""Chinese characters that are written in several ways, so that either way finds the other.

Each word of :data:`CLASSES` is one character in its Japanese, simplified and traditional forms, and in older ones that
names still use; the first stands for all. The selection is ours: characters that are frequent in names of people,
places, companies and products. It is for finding, not for converting: a few forms are folded that differ in meaning
in one of the languages (such as the two characters of the class of ``后``).

Not covered: characters outside the selection, and words that differ between regions.
"""

from __future__ import annotations

CLASSES = """
国國圀 学學斈 広廣广 沢澤泽 辺邊邉边 斎齋斉齊齐斋 浜濱滨 桜櫻樱 竜龍龙 滝瀧 島嶋嶌岛 高髙 崎﨑嵜碕 吉𠮷 渋澁澀涩
関關关 鉄鐵铁 鉱鑛礦矿 駅驛驿 台臺檯颱 湾灣 亜亞亚 悪惡恶 圧壓压 囲圍围 医醫 為爲为 壱壹 隠隱隐 栄榮荣 営營营 衛衞卫
円圓圆 塩鹽盐 縁緣缘 応應应 欧歐 殴毆 奥奧 横橫 温溫 穏穩稳 仮假 価價价 画畫 会會 絵繪绘 懐懷怀 壊壞坏 概槪 拡擴扩
覚覺觉 岳嶽 楽樂乐 巻卷 寛寬宽 漢汉 勧勸劝 観觀观 歓歡欢 気氣气 帰歸归 亀龜龟 偽僞伪 戯戲戏 旧舊 拠據据 挙擧舉举 峡峽
狭狹 郷鄕鄉乡 暁曉晓 区區 駆驅驱 勲勳勋 薫薰 径徑 恵惠 渓溪 経經经 継繼继 軽輕轻 鶏雞鷄鸡 芸藝艺 撃擊击 県縣县 倹儉俭
剣劍剑 険險险 圏圈 検檢检 権權权 献獻 顕顯显 験驗验 厳嚴严 効效 恒恆 黄黃 号號 済濟济 砕碎 歳歲岁 剤劑剂 雑雜杂 参參叄
桟棧栈 蚕蠶 惨慘 賛贊赞 残殘 糸絲丝 歯齒齿 児兒儿 辞辭 湿濕溼 実實实 写寫 舎舍 釈釋释 寿壽 収收 従從从 獣獸兽 縦縱纵
粛肅肃 処處处 緒绪 諸诸 叙敍敘 奨奬奖 将將 称稱 焼燒烧 証證证 条條 状狀 乗乘 浄淨净 剰剩 畳疊叠 縄繩绳 壌壤 嬢孃娘
譲讓让 醸釀酿 触觸 嘱囑 真眞 寝寢 慎愼 尽盡 図圖图 粋粹 酔醉 穂穗 随隨 髄髓 数數 枢樞 瀬瀨濑 声聲 静靜 窃竊 摂攝摄
専專专 浅淺 戦戰战 践踐 銭錢钱 潜潛 繊纖纤 禅禪 双雙 壮壯 捜搜 挿插 巣巢 曽曾 争爭 総總总 聡聰聪 荘莊庄 装裝 蔵藏
騒騷骚 増增 臓臟脏 属屬 続續续 堕墮 対對对 体體軆 帯帶带 滞滯 択擇择 単單单 担擔 胆膽 団團团 断斷 弾彈弹 遅遲迟 痴癡
虫蟲 昼晝 鋳鑄铸 庁廳厅 徴徵征 聴聽听 鎮鎭镇 逓遞递 逸迯 点點 転轉转 伝傳传 灯燈 当當 党黨 盗盜 稲稻 闘鬪鬥斗 徳德
独獨 読讀读 届屆 弐貳贰 悩惱恼 脳腦脑 覇霸 拝拜 廃廢废 売賣卖 麦麥 発發发髪髮 抜拔 蛮蠻 秘祕 瓶甁 払拂 仏佛 併倂并
並竝 変變变 弁辨瓣辯 舗舖铺 歩步 宝寶寳 豊豐丰 褒襃 翻飜 毎每 万萬 満滿满 黙默 弥彌 訳譯译 薬藥药 与與 予豫预 余餘
誉譽 揺搖摇 様樣样 謡謠谣 来來 頼賴赖 覧覽览 欄栏 乱亂 両兩两 猟獵猎 緑綠绿 塁壘垒 類类 励勵 礼禮 霊靈灵 齢齡龄
暦曆历歴歷 恋戀 練练 炉爐 労勞劳 楼樓 録錄录 門门 間间 問问 開开 閉闭 聞闻 電电 機机 東东 車车 馬马 鳥鸟 魚鱼 華华
韓韩 陳陈 陽阳 陰阴 隊队 階阶 際际 陸陆 張张 楊杨 劉刘 趙赵 孫孙 呉吳吴 鄭郑 謝谢 許许 馮冯 葉叶 蘇苏 蒋蔣 羅罗 賈贾
閻阎 盧卢 鐘鍾钟 譚谭 鄒邹 鄧邓 顧顾 龔龚 風风 飛飞 館馆 飯饭 飲饮 饗飨 長长 見见 貝贝 頁页 頭头 題题 顔顏颜 願愿 業业
義义 書书 買买 産產产 進进 運运 達达 過过 遠远 連连 農农 動动 務务 勝胜 協协 衆众 億亿 優优 個个箇 備备 倉仓 偉伟 側侧
傑杰 創创 別别 則则 剛刚 勢势 匯汇 厦廈 員员 園园 場场塲 塊块 報报 墳坟 夢梦 奮奋 婦妇 寧宁寍 審审 導导 層层 崗岗 嶺岭
帥帅 師师 幣币 幹干乾 庫库 廟庙 後后 愛爱 慶庆 憲宪 攜携 敵敌 時时 棟栋 構构 樹树 橋桥 殺杀 決决 涼凉 湯汤 準准 溝沟
漁渔 潔洁 潤润 無无 燦灿 爾尔 牆墙 環环 現现 瑪玛 瑩莹 異异 療疗 盤盘 監监 確确 碼码 禎祯 種种 積积 競竞 筆笔 節节
範范 築筑 簡简 籃篮 紀纪 約约 紅红 納纳 純纯 紙纸 級级 細细 紳绅 紹绍 終终 組组 結结 統统 維维 網网 線线綫 編编 縮缩
織织 職职 聯联 膠胶 興兴 艦舰 蓮莲 蘭兰 術术 衝冲 裏裡里 製制 複复復 規规 視视 親亲 計计 訊讯 記记 訪访 設设 評评 詞词
試试 詩诗 話话 詳详 語语 誠诚 誌志 調调 談谈 請请 論论 講讲 識识 護护 貨货 質质 貴贵 貿贸 費费 資资 賓宾 賞赏 賢贤
購购 贈赠 軌轨 軍军 軟软 輔辅 輝辉 輪轮 輸输 辦办 遊游 郵邮 醤醬酱 釣钓 鈴铃 銀银 銅铜 鋭锐 鋼钢 錦锦 鍋锅 鏡镜 閃闪
閣阁 陝陕 隴陇 離离 難难 雲云 霧雾 響响 頂顶 項项 順顺 須须 頓顿 領领 頻频 額额 駐驻 駿骏 騰腾 鮮鲜 鳳凤 鴨鸭 鴻鸿
鵬鹏 鷹鹰 麗丽 麵面 黒黑
"""
"""Classes of characters that count as one, separated by blanks; no character is in two of them."""


def representatives() -> dict[str, str]:
    """For each character that another one stands for, that other one."""
    return {character: word[0] for word in CLASSES.split() for character in word[1:]}
